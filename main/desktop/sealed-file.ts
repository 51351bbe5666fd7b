import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What a file holds that the operating system's vault sealed; null where there is none. */
export async function readSealed(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Old or new, never half: a lost key is a lost database. */
export async function writeSealed(file: string, sealed: Buffer): Promise<void> {
  const unfinished = `${file}.new`
  const handle = await open(unfinished, 'w', 0o600)
  try {
    await handle.writeFile(sealed)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(unfinished, file)
  // Windows cannot sync a folder; NTFS journals the rename.
  if (process.platform === 'win32') return
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
