// npm run build: out/main, out/preload and out/renderer.
import { build } from './build-if-stale.ts'

build()
