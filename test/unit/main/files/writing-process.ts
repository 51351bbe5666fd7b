// Run by file-store.test.ts in a process of its own: writes files into a folder without end, and waits to be killed; with
// "large" it tries one file, then a small one.
import { newFile, openTestFiles, pieces } from './written-files.ts'

const [folder = '', what] = process.argv.slice(2)
const { files } = await openTestFiles(folder)
const { signal } = new AbortController()
const write = (count: number, bytes: number) => files.write(newFile(), pieces(count, bytes), signal)

if (what === 'large') {
  const failure = await write(400, 64_000).then(
    () => 'none',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  )
  const { id } = await write(1, 1_000)
  process.stdout.write(`${JSON.stringify({ failure, id })}\n`)
  process.exit(0)
}
process.stdout.write('ready\n')
for (let round = 0; ; round += 1) {
  const { id } = await write(1 + ((round * 7) % 40), 64_000)
  process.stdout.write(`${id}\n`)
}
