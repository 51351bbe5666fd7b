// npm run proofs -- NAME [COUNT]: long proofs, each on its own; without a name it lists them.
import { buildIfStale } from './build-if-stale.ts'
import { findBrowser } from './find-browser.ts'
import { runTool } from './processes.ts'

const needsBrowser = ['still', 'faults'].includes(process.argv[2] ?? '')
const env = needsBrowser ? { ...process.env, ALTA_DESK_CHROMIUM: findBrowser() } : process.env
buildIfStale()
process.exit(runTool('test/proofs/run-proofs.ts', process.argv.slice(2), env))
