import { ORPCError } from '@orpc/client'
import { describe, expect, it } from 'vitest'
import { confirmationOf, failureSentence, fieldFailure } from '../../../../renderer/ui/failures.ts'

describe('a failure in a sentence', () => {
  it('passes on the sentence of the desk', () => {
    const error = new ORPCError('ALTA_SLOW', { status: 422, message: 'Alta takes too long to answer.' })
    expect(failureSentence(error)).toBe('Alta takes too long to answer.')
  })

  it('never shows a stack or "Failed to fetch" when nobody answers', () => {
    expect(failureSentence(new TypeError('Failed to fetch'))).toContain('The desk does not answer')
  })

  it('gives the request id of a bug, which an administrator finds in the log', () => {
    const error = new ORPCError('INTERNAL', { status: 500, message: 'boom', data: { requestId: 'r-17' } })
    expect(failureSentence(error)).toContain('r-17')
    expect(failureSentence(error)).not.toContain('boom')
  })

  it('puts each refused field beside its field', () => {
    const issues = [{ field: 'name', message: 'Give the server a name.' }]
    const error = new ORPCError('BAD_REQUEST', { status: 400, data: { issues } })
    expect(fieldFailure(error, 'name')).toBe('Give the server a name.')
    expect(fieldFailure(error, 'baseUrl')).toBeNull()
  })

  it('knows what must be typed before recordings are deleted', () => {
    const data = { expected: 'Gate 1', reason: 'Alta clears 3 days.' }
    expect(confirmationOf(new ORPCError('CONFIRMATION_NEEDED', { status: 409, data }))).toEqual(data)
    expect(confirmationOf(new ORPCError('CONFIRMATION_NEEDED', { status: 409 }))).toBeNull()
    expect(confirmationOf(new Error('x'))).toBeNull()
  })
})
