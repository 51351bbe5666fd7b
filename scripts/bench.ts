// npm run bench -- [NAME...]: the numbers of the README, side by side with a peer or a limit in one run.
import { buildIfStale } from './build-if-stale.ts'
import { findBrowser } from './find-browser.ts'
import { runTool } from './processes.ts'

const env = { ...process.env, ALTA_DESK_CHROMIUM: findBrowser() }
buildIfStale()
process.exit(runTool('test/bench/bench.ts', process.argv.slice(2), env))
