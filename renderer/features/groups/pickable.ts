/** Something that can be put in a group. */
export interface Pickable {
  readonly id: string
  readonly name: string
  /** What tells it from another of the same name. */
  readonly remark: string
  /** It is in the group already. */
  readonly taken: boolean
}
