// npm run dev: the desk restarts and the page reloads as their sources change; browser mode.
import { createServer } from 'vite'
import electronViteConfig from '../electron.vite.config.ts'
import { startNode } from './processes.ts'

const deskAddress = process.env.ALTAVMS_HTTP_ADDR ?? '127.0.0.1:3303'
const desk = startNode(['--watch', 'main/headless.ts'], {
  env: {
    ...process.env,
    ALTAVMS_HTTP_ADDR: deskAddress,
    ALTAVMS_LOG_FORMAT: process.env.ALTAVMS_LOG_FORMAT ?? 'text',
  },
})
process.on('exit', () => desk.kill('SIGTERM'))
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

const target = `http://${deskAddress.startsWith(':') ? `127.0.0.1${deskAddress}` : deskAddress}`
const { renderer } = electronViteConfig as { renderer: { root: string; plugins: [] } }
const page = await createServer({
  configFile: false,
  root: renderer.root,
  plugins: renderer.plugins,
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/api': { target }, '/alta': { target }, '/healthz': { target }, '/readyz': { target } },
  },
})
await page.listen()
console.log('Alta Desk: the page with reload on change:')
page.printUrls()
