import { describe, expect, test } from 'vitest'
import {
  isLoopback,
  maskSource,
  normalBaseUrl,
  plainAddress,
  withAdded,
} from '../../../../main/servers/addresses.ts'

describe('addresses', () => {
  test.each([
    ['http://Alta.local:8100/', 'http://alta.local:8100'],
    ['HTTP://10.0.0.1:80//', 'http://10.0.0.1'],
    ['https://proxy/alta/', 'https://proxy/alta'],
  ])('%s is written in one way, so that duplicates are found', (typed, written) => {
    expect(normalBaseUrl(typed)).toBe(written)
  })

  test.each([
    ['rtsp://admin:pa@ss/w@rd@10.0.0.7/1', 'rtsp://***@10.0.0.7/1'],
    ['rtsp://admin:secret@10.0.0.7:554/stream?channel=1', 'rtsp://***@10.0.0.7:554/stream?channel=1'],
    [
      'http://10.0.0.7/live.ts?user=admin&password=x&q=1',
      'http://10.0.0.7/live.ts?user=***&password=***&q=1',
    ],
    ['rtsp://10.0.0.7/stream', 'rtsp://10.0.0.7/stream'],
    ['rtsp://admin:pa?ss#w@10.0.0.7/stream?a@b=1', 'rtsp://***@10.0.0.7/stream?a@b=1'],
    ['http://10.0.0.7/live.ts?mail=a@b', 'http://10.0.0.7/live.ts?mail=a@b'],
    // Would catch: an import dialog that stops the desk for 100 ms, since a server names 7,000 sources like this one.
    [`rtsp://u:p@10.0.0.7/stream?${'token=&'.repeat(60)}`, 'rtsp://***@10.0.0.7/stream?***'],
  ])('%s keeps no credentials', (source, masked) => {
    expect(maskSource(source)).toBe(masked)
  })

  test('viewers are named as Alta names them', () => {
    expect(plainAddress('::ffff:10.0.0.9')).toBe('10.0.0.9')
    expect(plainAddress('fe80::1%eth0')).toBe('fe80::1')
    expect([isLoopback('127.0.0.1'), isLoopback('::1'), isLoopback('10.0.0.1')]).toEqual([true, true, false])
  })

  test('an origin that was there before the desk is not noted as the desk’s own', () => {
    const kept = JSON.stringify([
      { origin: 'http://a', added: false },
      { origin: 'http://b', added: false },
    ])
    expect(JSON.parse(withAdded(kept, ['http://b']))).toEqual([
      { origin: 'http://a', added: false },
      { origin: 'http://b', added: true },
    ])
  })
})
