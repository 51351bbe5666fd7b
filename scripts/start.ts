// npm start: the desktop application where Electron runs, else the same desk in a browser.
import { buildIfStale } from './build-if-stale.ts'
import { startDesk } from './desk-process.ts'

buildIfStale()
startDesk(process.argv.slice(2), process.env)
