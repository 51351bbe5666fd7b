import { implement } from '@orpc/server'
import { contract } from '../../shared/contract/contract.ts'
import type { RequestContext } from './request-context.ts'

/**
 * The typed skeleton of the contract that the `procedures.ts` of every module fills: `rpc.cameras.list.handler(...)`.
 * Access is not checked here but by `guardRouter`, over the finished router, where no procedure can be forgotten.
 */
export const rpc = implement(contract).$context<RequestContext>()
