// npm run package: the installers of the system it runs on.
import { build } from './build-if-stale.ts'
import { runTool } from './processes.ts'
import { withoutEmptySigningVariables } from './signing-variables.ts'

build()
process.exit(
  runTool(
    'node_modules/electron-builder/cli.js',
    ['--publish', 'never', ...process.argv.slice(2)],
    withoutEmptySigningVariables(process.env),
  ),
)
