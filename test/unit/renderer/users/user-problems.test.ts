import { ORPCError } from '@orpc/client'
import { describe, expect, it } from 'vitest'
import { userFilterInput } from '../../../../renderer/features/users/user-filters.ts'
import { problemBeside } from '../../../../renderer/features/users/user-problems.ts'

describe('what is wrong with the form of a person', () => {
  it('stands beside the field that mends it', () => {
    const taken = new ORPCError('USERNAME_TAKEN', { status: 409, message: 'Choose another.' })
    expect(problemBeside(taken)).toEqual([{ field: 'username', message: 'Choose another.' }])
    const issues = [{ field: 'email', message: 'An address looks like name@host.' }]
    expect(problemBeside(new ORPCError('BAD_REQUEST', { status: 400, data: { issues } }))).toEqual(issues)
  })

  it('stands below the form when no field mends it: the last administrator must not vanish into a field', () => {
    expect(
      problemBeside(new ORPCError('LAST_ADMIN', { status: 409, message: 'Make another first.' })),
    ).toEqual([])
  })
})

describe('userFilterInput', () => {
  it('shows everybody for an address that names no filter, not nobody', () => {
    expect(userFilterInput('')).toEqual({})
    expect(userFilterInput('toString')).toEqual({})
    expect(userFilterInput('disabled')).toEqual({ disabled: true })
  })
})
