import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../../..')

/** Bundles a peer as the desk itself is bundled (native addons stay outside); returns the file. */
export async function buildPeer(name: string): Promise<string> {
  const outfile = join(root, 'out/bench', name.replace(/\.ts$/, '.mjs'))
  mkdirSync(join(root, 'out/bench'), { recursive: true })
  await build({
    entryPoints: [join(import.meta.dirname, name)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    external: ['better-sqlite3', 'argon2'],
    banner: {
      js: "import { createRequire as peerRequire } from 'node:module'; const require = peerRequire(import.meta.url);",
    },
    logLevel: 'error',
  })
  return outfile
}
