import { chmodSync, statSync } from 'node:fs'

/** Read and written by the account of the desk alone, as everything that holds what people did and who they are. */
export const privateFileMode = 0o600
export const privateFolderMode = 0o700
/** Bits of group and others. */
const others = 0o077

/** Whether other accounts of this machine may do anything with it. Windows has no modes: there its list of rights counts. */
export function isOpenToOthers(path: string): boolean {
  const stats = process.platform === 'win32' ? undefined : statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && (stats.mode & others) !== 0
}

/** Takes a file or folder away from other accounts; returns whether it had to. Throws what the disk throws. */
export function narrowMode(path: string, mode: number): boolean {
  if (!isOpenToOthers(path)) return false
  chmodSync(path, mode)
  return true
}
