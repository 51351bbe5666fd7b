import { afterEach, describe, expect, it } from 'vitest'
import type { Notice } from '../../../../shared/contract/account.ts'
import { noticeSentence } from '../../../../renderer/app/frame/notice-sentence.ts'
import { setDeskZone } from '../../../../renderer/app/times.ts'

const at = Date.UTC(2026, 10, 21, 14, 40, 36)
const common = { id: 'a notice', at, remoteAddress: '10.0.0.9' }

afterEach(() => setDeskZone(new Intl.DateTimeFormat().resolvedOptions().timeZone))

// Would catch: a time in the zone of the reader, or a sentence that names the wrong person.
describe('a notice says what was changed, by whom, from where and when by the clock of the desk', () => {
  const sentences: readonly [Notice, string][] = [
    [
      { ...common, kind: 'password-changed', by: 'administrator', byName: 'Mara Keller' },
      'Your password was changed by Mara Keller (10.0.0.9) on 21 Nov 2026, 15:40:36.',
    ],
    [
      { ...common, kind: 'email-changed', by: 'self', byName: null },
      'Your e-mail address was changed from another of your sign-ins (10.0.0.9) on 21 Nov 2026, 15:40:36.',
    ],
    [
      { ...common, kind: 'password-changed', by: 'recovery-code', byName: null, remoteAddress: 'desktop' },
      'Your password was changed with your recovery code (the desktop application) on 21 Nov 2026, 15:40:36.',
    ],
  ]
  it.each(sentences)('%j', (notice, sentence) => {
    setDeskZone('Europe/Berlin')
    expect(noticeSentence(notice)).toBe(sentence)
  })
})
