import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LocalBlobs } from '../../../../main/files/local-blobs.ts'
import { newId } from '../../../../main/platform/ids.ts'
import { temporaryFolder } from '../store/open-test-store.ts'

const onPosix = test.skipIf(process.platform === 'win32')

function blobsIn(folder: string): LocalBlobs {
  return new LocalBlobs({ folder, keepFreeBytes: 0 })
}

async function write(blobs: LocalBlobs, text: string): Promise<string> {
  const id = newId()
  const writer = await blobs.create(id)
  await writer.write(Buffer.from(text))
  await writer.finish()
  return id
}

async function idsIn(blobs: LocalBlobs): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of blobs.list()) ids.push(id)
  return ids
}

describe('a blob', () => {
  test('cannot be opened before it is whole, and is the bytes that were written', async () => {
    const blobs = blobsIn(join(temporaryFolder(), 'files'))
    const id = newId()
    const writer = await blobs.create(id)
    await writer.write(Buffer.from('first '))
    expect(await blobs.open(id)).toBeNull()
    await writer.write(Buffer.from('second'))
    const { size, sha256 } = await writer.finish()
    expect([size, sha256]).toEqual([12, 'kgiOwUD8VT5LHt4gLtzLZagHu_ijjXZaOtOAE8DxNog'])
    const reader = await blobs.open(id)
    expect(reader?.size).toBe(12)
    const parts: Uint8Array[] = []
    for await (const piece of reader?.pieces(3, 9) ?? []) parts.push(piece)
    expect(Buffer.concat(parts).toString()).toBe('st sec')
    await reader?.close()
    await reader?.close()
  })

  test('that is given up leaves nothing', async () => {
    const folder = temporaryFolder()
    const writer = await blobsIn(folder).create(newId())
    await writer.write(Buffer.from('x'))
    await writer.abort()
    expect(readdirSync(folder)).toEqual([])
  })

  test('is deleted without a complaint where there is none', async () => {
    const blobs = blobsIn(join(temporaryFolder(), 'files'))
    await blobs.delete(newId())
    const id = await write(blobs, 'x')
    await blobs.delete(id)
    expect(await blobs.open(id)).toBeNull()
  })

  // Would catch: an export of the audit log that every account of the machine can read.
  onPosix('is for the account of the desk alone, whatever the umask', async () => {
    const before = process.umask(0)
    try {
      const folder = join(temporaryFolder(), 'files')
      const id = await write(blobsIn(folder), 'x')
      expect(statSync(folder).mode & 0o777).toBe(0o700)
      expect(statSync(join(folder, id)).mode & 0o777).toBe(0o600)
    } finally {
      process.umask(before)
    }
  })
})

// Would catch: an id out of an address that leads to another file of the machine.
test.each([
  '',
  '.',
  '../secret',
  `../${newId()}`,
  `${newId()}/..`,
  `${newId()}\0`,
  newId().toUpperCase(),
  'x'.repeat(36),
])('what is no id is refused before the disk is asked: %j', async (id) => {
  const folder = temporaryFolder()
  const blobs = blobsIn(join(folder, 'files'))
  await expect(blobs.create(id)).rejects.toThrow('not the id')
  await expect(blobs.open(id)).rejects.toThrow('not the id')
  await expect(blobs.delete(id)).rejects.toThrow('not the id')
  expect(readdirSync(folder)).toEqual([])
})

describe('somebody who can write to the folder', () => {
  // Would catch: a link in the place of a blob through which the desk hands out, or overwrites, a file of the machine.
  onPosix('leads neither a reader nor a writer elsewhere by a link', async () => {
    const folder = temporaryFolder()
    const blobs = blobsIn(join(folder, 'files'))
    await write(blobs, 'x')
    const secret = join(folder, 'secret.txt')
    writeFileSync(secret, 'secret')
    const id = newId()
    symlinkSync(secret, join(folder, 'files', id))
    symlinkSync(secret, join(folder, 'files', `${id}.part`))
    expect(await blobs.open(id)).toBeNull()
    await expect(blobs.create(id)).rejects.toMatchObject({ name: 'BlobStoreError', trouble: 'unavailable' })
    expect(await idsIn(blobs)).toHaveLength(1)
    await blobs.delete(id)
    expect(existsSync(secret)).toBe(true)
    expect(statSync(secret).size).toBe(6)
  })

  // Would catch: a desk that waits for ever for the other end of a pipe.
  onPosix('makes nobody wait with a pipe', async () => {
    const folder = temporaryFolder()
    const id = newId()
    execFileSync('bash', ['-c', 'mkfifo "$0"', join(folder, id)])
    expect(await blobsIn(folder).open(id)).toBeNull()
  })
})
