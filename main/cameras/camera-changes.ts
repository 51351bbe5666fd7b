import type { CameraChanges, CameraRow } from './queries.ts'

/** What a request wants to change of a camera. */
export interface CameraUpdate {
  readonly name?: string | undefined
  readonly storage?: { storageId: string; durationHours: number | null } | null | undefined
  readonly streams?: { main: string; sub: string | null } | undefined
  readonly confirmName?: string | undefined
}

/** What of a request differs from the row: only that is checked, and written. */
export function changesOf(row: CameraRow, input: CameraUpdate): CameraChanges {
  const { name, storage, streams } = input
  const wanted: CameraChanges = {
    ...(name !== undefined && { name }),
    ...(storage !== undefined && {
      storageId: storage?.storageId ?? null,
      storageDurationHours: storage?.durationHours ?? null,
    }),
    ...(streams !== undefined && { receiverId: streams.main, subReceiverId: streams.sub }),
  }
  return Object.fromEntries(
    Object.entries(wanted).filter(([field, value]) => row[field as keyof CameraChanges] !== value),
  )
}
