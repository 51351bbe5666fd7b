import { ORPCError } from '@orpc/client'
import { describe, expect, it } from 'vitest'
import { originOf, problemBeside } from '../../../../renderer/features/servers/server-problems.ts'
import { altaProblems } from '../../../../shared/domain/alta-problems.ts'

// Would catch: a dialog that says that the password stays as it is, where the desk then asks for it.
it('tells whether a typed address is another server', () => {
  expect(originOf(' HTTP://Alta.local:80/base/ ')).toBe(originOf('http://alta.local'))
  expect(originOf('https://alta.local')).not.toBe(originOf('http://alta.local'))
  expect(originOf('http://alta.local:8101')).not.toBe(originOf('http://alta.local:8100'))
  expect(originOf('http://')).not.toBe(originOf('http://alta.local'))
})

describe('where a failed verification is shown', () => {
  it('puts a wrong password beside the password, in the sentence of the desk', () => {
    const message = altaProblems.ALTA_WRONG_PASSWORD
    const failure = new ORPCError('ALTA_WRONG_PASSWORD', { status: 422, message })
    expect(problemBeside(failure)).toEqual([{ field: 'password', message }])
  })

  it('lets the desk say which field it is', () => {
    const failure = new ORPCError('ALTA_UNREACHABLE', {
      status: 422,
      message: 'No.',
      data: { field: 'streamUrl' },
    })
    expect(problemBeside(failure)).toEqual([{ field: 'streamUrl', message: 'No.' }])
  })

  it('leaves what concerns the whole server below the form', () => {
    expect(problemBeside(new ORPCError('ALTA_TOO_OLD', { status: 422 }))).toEqual([])
  })
})
