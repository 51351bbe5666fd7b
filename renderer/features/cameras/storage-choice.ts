import type { Inputs, Outputs } from '../../app/client.ts'

type Storage = Outputs['servers']['storages']['items'][number]
type StorageInput = Inputs['cameras']['create']['storage']

/** Values of the storage field besides the ids of storages; no Alta id holds a space. */
export const noStorage = ' none'
export const firstStorage = ' first'

/** What the storage field offers. */
export function storageOptions(
  storages: readonly Storage[],
  withFirst: boolean,
): { value: string; label: string }[] {
  return [
    ...(withFirst ? [{ value: firstStorage, label: 'The first storage of the server' }] : []),
    ...storages.map((storage) => ({ value: storage.id, label: storageLabel(storage) })),
    { value: noStorage, label: 'None: live only' },
  ]
}

/** What is sent for a choice; `hours` empty means as long as the storage keeps. */
export function storageInput(choice: string, hours: string): StorageInput {
  if (choice === firstStorage) return undefined
  if (choice === noStorage) return null
  return { storageId: choice, durationHours: hours.trim() === '' ? null : Number(hours) }
}

/** Why the hours cannot be sent, or null. */
export function hoursFailure(hours: string): string | null {
  if (hours.trim() === '') return null
  const value = Number(hours)
  return value > 0 && value <= 100_000 ? null : 'Type hours between 1 and 100000, or nothing.'
}

function storageLabel(storage: Storage): string {
  return storage.durationHours === null ? storage.id : `${storage.id} (keeps ${storage.durationHours} h)`
}
