import { resolve } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'

const root = import.meta.dirname

/**
 * What cannot stand in a bundle: native addons find their binary beside their own package, and Swagger UI is a folder
 * of files to serve. Everything else is bundled, since importing the libraries file by file costs 470 ms of start-up.
 */
const neverBundled = ['better-sqlite3', 'argon2', 'swagger-ui-dist']

/** Each becomes a file of its own beside the others, so that code can start it with `new URL('./name.js', ...)`. */
const mainEntries = {
  index: resolve(root, 'main/index.ts'),
  headless: resolve(root, 'main/headless.ts'),
  'query-worker-process': resolve(root, 'main/store/query-worker-process.ts'),
  'password-process': resolve(root, 'main/accounts/password-process.ts'),
  'large-answers-thread': resolve(root, 'main/alta/large-answers-thread.ts'),
}

/**
 * electron-vite sets a relative base for `file:` pages. Ours come from the root of a scheme or of the listener, and a
 * route such as /settings/servers must find /assets.
 */
const absoluteBase: Plugin = {
  name: 'alta-desk:absolute-base',
  enforce: 'post',
  config: () => ({ base: '/' }),
}

export default defineConfig({
  main: {
    build: {
      outDir: resolve(root, 'out/main'),
      externalizeDeps: false,
      sourcemap: true,
      rolldownOptions: {
        external: neverBundled.flatMap((name) => [name, new RegExp(`^${name}/`)]),
        input: mainEntries,
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: resolve(root, 'out/preload'),
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: resolve(root, 'preload/index.ts') },
        // A sandboxed preload is one CommonJS file: it cannot be an ES module and cannot require its neighbours.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: resolve(root, 'renderer'),
    plugins: [vue(), tailwindcss(), absoluteBase],
    build: {
      outDir: resolve(root, 'out/renderer'),
      emptyOutDir: true,
      minify: true,
      rolldownOptions: { input: { index: resolve(root, 'renderer/index.html') } },
    },
  },
})
