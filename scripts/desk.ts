// npx alta-desk [serve | check-config | verify-audit | --help]: the headless desk, built if a source is newer.
import { buildIfStale } from './build-if-stale.ts'
import { headlessEntry } from './desk-process.ts'
import { become } from './processes.ts'

buildIfStale()
become(process.execPath, [headlessEntry, ...process.argv.slice(2)])
