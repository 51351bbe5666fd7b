// npm run e2e -- [Playwright arguments]: only the end-to-end tests.
import { buildIfStale } from './build-if-stale.ts'
import { findBrowser } from './find-browser.ts'
import { runTool } from './processes.ts'

const env = { ...process.env, ALTA_DESK_CHROMIUM: findBrowser() }
buildIfStale()
process.exit(runTool('node_modules/@playwright/test/cli.js', ['test', ...process.argv.slice(2)], env))
