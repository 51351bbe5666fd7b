import { describe, expect, it } from 'vitest'
import {
  firstStorage,
  hoursFailure,
  noStorage,
  storageInput,
} from '../../../../renderer/features/cameras/storage-choice.ts'

describe('the storage of a camera', () => {
  it('tells "the first one" (left out) from "none" (null): the one records, the other does not', () => {
    expect(storageInput(firstStorage, '')).toBeUndefined()
    expect(storageInput(noStorage, '12')).toBeNull()
    expect(storageInput('main', ' ')).toEqual({ storageId: 'main', durationHours: null })
    expect(storageInput('main', '72')).toEqual({ storageId: 'main', durationHours: 72 })
  })

  it('refuses hours that are none', () => {
    expect(hoursFailure('')).toBeNull()
    expect(hoursFailure('0.5')).toBeNull()
    for (const hours of ['0', '-1', 'x', '100001']) expect(hoursFailure(hours)).not.toBeNull()
  })
})
