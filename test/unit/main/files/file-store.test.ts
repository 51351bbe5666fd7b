import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eq } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import type { Clock } from '../../../../main/platform/clock.ts'
import { systemClock } from '../../../../main/platform/clock.ts'
import { newId } from '../../../../main/platform/ids.ts'
import { users } from '../../../../main/store/tables/identity.ts'
import { temporaryFolder } from '../store/open-test-store.ts'
import { blobFolder, hashOnDisk, newFile, openTestFiles, pieces } from './written-files.ts'
import type { TestFiles, TestFilesOptions } from './written-files.ts'

const { signal } = new AbortController()
const writingProcess = join(import.meta.dirname, 'writing-process.ts')

async function open(folder = temporaryFolder(), options: TestFilesOptions = {}): Promise<TestFiles> {
  const opened = await openTestFiles(folder, options)
  onTestFinished(() => opened.store.close())
  return opened
}

/** The system's clock, some time ahead. */
function clockAhead(ms: number): Clock {
  return { ...systemClock, now: () => Date.now() + ms }
}

test('a file is its row and its blob: the name made safe, the size and the SHA-256 of what lies on the disk', async () => {
  const folder = temporaryFolder()
  const { files, rows, names } = await open(folder)
  const file = await files.write(newFile({ name: '../log.csv' }), pieces(3, 100_000), signal)
  expect(await rows()).toEqual([file])
  expect(names()).toEqual([file.id])
  expect(file).toMatchObject({ state: 'kept', name: '_log.csv', size: 300_000 })
  expect(hashOnDisk(folder, file.id)).toBe(file.sha256)
})

// Would catch: an export that goes on writing for somebody who has gone, or leaves its half on the disk.
test('what is given up, fails, or is stopped leaves neither a row nor a byte', async () => {
  const { files, rows, names } = await open()
  const leaving = new AbortController()
  async function* left(): AsyncGenerator<string, void> {
    yield await Promise.resolve('first')
    leaving.abort(new Error('The caller went away.'))
    yield 'second'
  }
  await expect(files.write(newFile(), left(), leaving.signal)).rejects.toThrow('went away')
  async function* failing(): AsyncGenerator<string, void> {
    yield await Promise.resolve('first')
    throw new Error('The database is closed.')
  }
  await expect(files.write(newFile(), failing(), signal)).rejects.toThrow('closed')
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  async function* endless(): AsyncGenerator<string, void> {
    for (;;) {
      yield 'more'
      begun.resolve()
      await held.promise
    }
  }
  const stopped = files.write(newFile(), endless(), signal)
  await begun.promise
  const stop = files.stop()
  held.resolve()
  await expect(stopped).rejects.toThrow('stopping')
  await stop
  expect([await rows(), names()]).toEqual([[], []])
})

// Would catch: two exports at once that together take what one of them alone may not.
test('the quota of a person counts what is written and what is being written, and nobody else is asked', async () => {
  const { files, rows, names } = await open(temporaryFolder(), { quotaBytes: 1_000_000 })
  const ends = await Promise.allSettled([
    files.write(newFile(), pieces(60, 10_000), signal),
    files.write(newFile(), pieces(60, 10_000), signal),
    files.write(newFile({ ownerId: 'ben' }), pieces(60, 10_000), signal),
  ])
  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  const refused = ends.find((end) => end.status === 'rejected')
  expect(refused?.reason).toMatchObject({ code: 'FILE_QUOTA_REACHED' })
  expect((await rows()).map(({ ownerId, size }) => [ownerId, size]).toSorted()).toEqual([
    ['anna', 600_000],
    ['ben', 600_000],
  ])
  expect(names()).toHaveLength(2)
  const more = files.write(newFile(), pieces(5, 100_000), signal)
  await expect(more).rejects.toMatchObject({ code: 'FILE_QUOTA_REACHED' })
  expect((await files.write(newFile(), pieces(4, 100_000), signal)).size).toBe(400_000)
  const none = files.write(newFile(), pieces(1, 1), signal)
  await expect(none).rejects.toMatchObject({ code: 'FILE_QUOTA_REACHED' })
})

// Would catch: an export that fills the disk on which the database lies, so that nothing can be written any more.
test('what must stay free on the disk stays free', async () => {
  const { files, rows, names } = await open(temporaryFolder(), { keepFreeBytes: Number.MAX_SAFE_INTEGER })
  const write = files.write(newFile(), pieces(1, 1_000), signal)
  await expect(write).rejects.toMatchObject({ code: 'FILE_DISK_FULL' })
  expect([await rows(), names()]).toEqual([[], []])
})

test('a folder that cannot be used is an error of its own', async () => {
  const folder = temporaryFolder()
  const { files, rows } = await open(folder)
  writeFileSync(join(folder, 'files'), 'not a folder')
  const write = files.write(newFile(), pieces(1, 1_000), signal)
  await expect(write).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
  expect(await rows()).toEqual([])
})

// Would catch: half a file that is kept when the system refuses to write on, which a full disk does in the middle.
test.skipIf(process.platform === 'win32')(
  'a disk that takes no more in the middle of a file keeps nothing of it, and the next file is written',
  async () => {
    const folder = temporaryFolder()
    // The limit of the process for a file, in kB: to the writer it is a disk that is full (EFBIG instead of ENOSPC).
    const command = `ulimit -f 8192; exec "$0" "$@"`
    const child = spawn('bash', ['-c', command, process.execPath, writingProcess, folder, 'large'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [[line]] = (await Promise.all([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit'),
    ])) as [[string], unknown]
    const { failure, id } = JSON.parse(line) as { failure: string; id: string }
    expect(failure).toBe('FILE_DISK_FULL')
    const { rows, names } = await open(folder)
    expect((await rows()).map((row) => row.id)).toEqual([id])
    expect(names()).toEqual([id])
  },
)

test('an expired file goes with its blob, and one that is kept stays', async () => {
  const folder = temporaryFolder()
  const { files, store } = await open(folder)
  await files.write(newFile({ lifeMs: 3_600_000 }), pieces(1, 1_000), signal)
  const kept = await files.write(newFile(), pieces(1, 1_000), signal)
  await store.close()
  const later = await open(folder, { clock: clockAhead(2 * 3_600_000) })
  await later.files.sweep(signal)
  expect((await later.rows()).map(({ id }) => id)).toEqual([kept.id])
  expect(later.names()).toEqual([kept.id])
})

// Would catch: a sweep that takes a file that is just being written, or follows a link out of its folder.
test('what is left over goes once it is old; what is young, of another kind, or a link to elsewhere is left alone', async () => {
  const folder = temporaryFolder()
  const { files, names, store } = await open(folder)
  const kept = await files.write(newFile(), pieces(1, 1_000), signal)
  const owned = await files.write(newFile({ ownerId: 'ben' }), pieces(1, 1_000), signal)
  await store.write({ audit: null }, async (tx) => {
    await tx.delete(users).where(eq(users.id, 'ben'))
  })
  const put = (name: string, ageMs: number): string => {
    const path = join(blobFolder(folder), name)
    writeFileSync(path, 'x')
    const at = (Date.now() - ageMs) / 1_000
    utimesSync(path, at, at)
    return name
  }
  const [oldMs, youngMs] = [2 * 3_600_000, 60_000]
  put(newId(), oldMs)
  put(`${newId()}.part`, oldMs)
  const stay = [put(newId(), youngMs), put(`${newId()}.part`, youngMs), put('notes.txt', oldMs)]
  writeFileSync(join(folder, 'evidence'), 'evidence')
  const link = newId()
  symlinkSync(join(folder, 'evidence'), join(blobFolder(folder), link))
  const inner = newId()
  mkdirSync(join(blobFolder(folder), inner))
  await files.sweep(signal)
  expect(names()).toEqual([kept.id, owned.id, ...stay, link, inner].toSorted())
  await store.close()
  const later = await open(folder, { clock: clockAhead(2 * 3_600_000) })
  await later.files.sweep(signal)
  expect(later.names()).toEqual([kept.id, 'notes.txt', link, inner].toSorted())
})

/** Lets a process write files into `folder`, kills it after a while; the ids of the files that it called kept. */
async function killedWriter(folder: string, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [writingProcess, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close')
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => lines.push(line))
  await once(reader, 'line')
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  child.kill('SIGKILL')
  await closed
  return lines.slice(1)
}

/** Milliseconds after the first write began; the machine decides where exactly they fall. */
const killAfterMs = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55]
/** For machines on which none of these fell into the middle of a file. */
const laterMs = [4, 6, 10, 16, 26, 42, 68, 110, 180, 290]

// Would catch: a file that is offered for download and whose bytes are not there, or not all; a disk that fills up with
// what crashes left behind; a file that was promised and is gone.
test(
  'after SIGKILL at any point every kept row has its whole blob, what was promised is there, and nothing else is left',
  { timeout: 180_000 },
  async () => {
    const folder = temporaryFolder()
    let unfinished = 0
    for (const afterMs of [...killAfterMs, ...laterMs]) {
      if (unfinished > 2 && laterMs.includes(afterMs)) break
      const promised = await killedWriter(folder, afterMs)
      const { files, store, rows, names, log } = await openTestFiles(folder, {
        clock: clockAhead(2 * 3_600_000),
      })
      unfinished += log.filter((line) => line.includes('were not finished')).length
      await files.sweep(signal)
      const kept = await rows()
      expect(kept.filter(({ state }) => state !== 'kept')).toEqual([])
      expect(names()).toEqual(kept.map(({ id }) => id).toSorted())
      const wrong = kept.filter(({ id, sha256 }) => hashOnDisk(folder, id) !== sha256)
      expect(wrong).toEqual([])
      expect(promised.filter((id) => !kept.some((row) => row.id === id))).toEqual([])
      await store.close()
      // Each round begins with an empty disk.
      rmSync(join(folder, 'altavms.db'))
      for (const end of ['-wal', '-shm']) rmSync(join(folder, `altavms.db${end}`), { force: true })
      rmSync(blobFolder(folder), { recursive: true, force: true })
    }
    expect(unfinished).toBeGreaterThan(0)
  },
)
