import { describe, expect, test } from 'vitest'
import type { AltaConfig, AltaStatus } from '../../../../main/alta/alta-types.ts'
import { contradictions } from '../../../../main/servers/contradictions.ts'

const stats = { active: true, bitrateKbps: 512, codec: 'h264', width: 640, height: 360, fps: 25, error: '' }
const config: AltaConfig = {
  version: '1',
  servers: {},
  receivers: { gate: { enable: true }, yard: { enable: false }, dock: {} },
  ott: { archives: {}, authorizers: {}, channels: { 'desk/gate': {}, 'desk/yard': { enable: false } } },
}
const silent = { ...stats, active: false, bitrateKbps: 0 }
const consistent: AltaStatus = {
  receivers: { gate: stats, yard: silent, dock: silent },
  channels: { 'desk/gate': { sessions: 3, error: '' }, 'desk/yard': { sessions: 0, error: '' } },
  diskFull: false,
}

// Would catch: FROZEN on a camera that was enabled on Alta half a minute ago and plays.
describe('what a status shows of an old configuration', () => {
  test.each<[string, AltaStatus, string[]]>([
    ['nothing', consistent, []],
    [
      'a disabled receiver delivers',
      { ...consistent, receivers: { ...consistent.receivers, yard: stats } },
      ['receiver yard delivers'],
    ],
    [
      'a disabled receiver is connected and sends nothing',
      { ...consistent, receivers: { ...consistent.receivers, yard: { ...stats, bitrateKbps: 0 } } },
      [],
    ],
    [
      'an enabled receiver is not reported',
      { ...consistent, receivers: { gate: stats, yard: silent } },
      ['receiver dock is not reported'],
    ],
    [
      'a disabled channel is played',
      { ...consistent, channels: { 'desk/yard': { sessions: 1, error: '' } } },
      ['channel desk/yard is played'],
    ],
  ])('%s', (_name, status, found) => {
    expect(contradictions(config, status)).toEqual(found)
  })

  test('names of the language are no receivers', () => {
    const receivers = { constructor: { enable: false }, gate: { enable: true } }
    expect(contradictions({ ...config, receivers }, consistent)).toEqual([])
  })
})
