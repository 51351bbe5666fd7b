import { describe, expect, it } from 'vitest'
import { inOrderOfFit, isFitting } from '../../../../renderer/app/frame/search-found.ts'

describe('what the search finds', () => {
  // Would catch: a person who is not found by the address that everybody knows them by.
  it('looks in the alias too, in any case', () => {
    const person = { label: 'Vera Ostrova', alias: 'vera.o@example.com\nvera' }
    expect(isFitting(person, ' VERA.O@ex')).toBe(true)
    expect(isFitting(person, 'ostr')).toBe(true)
    expect(isFitting(person, 'gate')).toBe(false)
  })

  // Would catch: Enter on "lo" opening the camera "Yellow door" though "Lock" was meant.
  it('puts what begins with the text first, and else keeps the order', () => {
    const found = ['Yellow door', 'Lobby', 'Slot', 'Lock'].map((label) => ({ label }))
    expect(inOrderOfFit(found, 'lo').map(({ label }) => label)).toEqual([
      'Lobby',
      'Lock',
      'Yellow door',
      'Slot',
    ])
    expect(inOrderOfFit(found, ' ')).toEqual(found)
  })
})
