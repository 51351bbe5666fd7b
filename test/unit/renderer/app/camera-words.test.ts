import { expect, test } from 'vitest'
import { shownReason } from '../../../../renderer/app/camera-words.ts'

// Would catch: "Unknown" beside "Streams normally." while the page hears nothing of the desk.
test('the reason beside a status that may be out of date is not the last one', () => {
  const camera = { statusReason: 'Streams normally.' }
  expect(shownReason(camera, true)).toBe('Streams normally.')
  expect(shownReason(camera, false)).toBe('Waiting for the desk: the last known status may be out of date.')
})
