import { describe, expect, it } from 'vitest'
import { isPrivateHost } from '../../../../main/transport/http/origins.ts'

// Would catch: a registered name that points at 127.0.0.1 opens a desk whose password everybody knows.
describe('names that only this machine or its network can have', () => {
  it.each([
    'localhost',
    'localhost:3303',
    '127.0.0.1:3303',
    '[::1]:3303',
    'guardroom',
    'desk.test',
    'desk.example:3303',
    'desk.local',
  ])('lets %s in', (host) => expect(isPrivateHost(host)).toBe(true))

  it.each([
    'desk.evil.com',
    'localhost.evil.com',
    'example.com.evil.org',
    '192.168.0.5:3303',
    '2130706433',
    'local.de',
    'evil.com:3303',
  ])('keeps %s out', (host) => expect(isPrivateHost(host)).toBe(false))
})
