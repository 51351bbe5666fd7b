// npm run proofs -- NAME [COUNT]: long proofs, each on its own; without a name it lists them.
import { buildIfStale } from './build-if-stale.ts'
import { runTool } from './processes.ts'

buildIfStale()
process.exit(runTool('test/proofs/run-proofs.ts', process.argv.slice(2)))
