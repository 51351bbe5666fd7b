import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build, preview } from 'vite'

/** The page with nothing but the player, built and served on loopback. */
export interface ServedPlayerPage {
  readonly port: number
  close(): Promise<void>
}

/** Builds the page and serves it on a free port. */
export async function servePlayerPage(): Promise<ServedPlayerPage> {
  const outDir = await mkdtemp(path.join(tmpdir(), 'player-page-'))
  const options = { root: import.meta.dirname, configFile: false as const, logLevel: 'warn' as const }
  await build({ ...options, build: { outDir, emptyOutDir: true, minify: false } })
  const server = await preview({
    ...options,
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0, allowedHosts: true },
  })
  const address = server.httpServer.address()
  if (address === null || typeof address === 'string') throw new Error('The page is not served.')
  return {
    port: address.port,
    async close() {
      await server.close()
      await rm(outDir, { recursive: true })
    },
  }
}
