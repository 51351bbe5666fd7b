import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { childModulePath, forkChildProcess, processorMs } from '../../../../main/platform/child-process.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'alta-desk-child-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function moduleWith(code: string): string {
  const path = join(folder(), 'child.mjs')
  const library = pathToFileURL(join(import.meta.dirname, '../../../../main/platform/child-process.ts')).href
  writeFileSync(path, `import { parentProcess } from ${JSON.stringify(library)}\n${code}`)
  return path
}

test('talks both ways, gives way to others, and tells of its end once', async () => {
  const path = moduleWith(`
    import { getPriority } from 'node:os'
    const parent = parentProcess()
    parent.onMessage((message) => parent.send({ message, priority: getPriority() }))`)
  const child = forkChildProcess(path, { lowPriority: true })
  const answer = new Promise((resolve) => child.onMessage(resolve))
  child.send({ bytes: new Uint8Array([1, 2]) })
  expect(await answer).toEqual({
    message: { bytes: new Uint8Array([1, 2]) },
    priority: Math.min(getPriority() + 10, 19),
  })
  let exits = 0
  const ended = new Promise<void>((resolve) =>
    child.onExit(() => {
      exits += 1
      resolve()
    }),
  )
  child.kill()
  await ended
  child.send('nobody hears this')
  child.kill()
  expect(exits).toBe(1)
})

test('a module is found beside its starter in the source tree, and above a chunk in a bundle', () => {
  const root = folder()
  mkdirSync(join(root, 'chunks'))
  for (const file of ['reader.ts', 'worker.js']) writeFileSync(join(root, file), '')
  const starter = (file: string): string => pathToFileURL(join(root, file)).href
  expect(childModulePath('reader', starter('store.ts'))).toBe(join(root, 'reader.ts'))
  expect(childModulePath('worker', starter('index.js'))).toBe(join(root, 'worker.js'))
  expect(childModulePath('worker', starter('chunks/desk-1a2b.js'))).toBe(join(root, 'worker.js'))
  expect(() => childModulePath('worker', starter('store.ts'))).toThrow(/worker is missing/)
})

// Would catch: fields of /proc that are counted wrongly, so that a process is ended for the work of others, or never.
test.runIf(process.platform === 'linux')(
  'knows how long a process has worked, until it has ended',
  async () => {
    const workedMs = (): number => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1000
    }
    const before = workedMs()
    const said = processorMs(process.pid) ?? Number.NaN
    // The system counts in ticks of 10 ms, and each of two figures is rounded down.
    expect(said).toBeGreaterThanOrEqual(before - 20)
    expect(said).toBeLessThanOrEqual(workedMs() + 20)

    const child = forkChildProcess(moduleWith('parentProcess().onMessage(() => undefined)'))
    expect(child.processorMs()).toBeGreaterThanOrEqual(0)
    const ended = new Promise<void>((resolve) => child.onExit(resolve))
    child.kill()
    await ended
    expect(child.processorMs()).toBeNull()
  },
)
