/**
 * Everything the desk assumes about Alta without a published page that says so. A server that turns out to differ is
 * met by changing this file. None of it is needed for a camera to play by HLS: that path is documented from end to end
 * (help.cesbo.com, Alta: channels, authorization, HLS URLs). What the archive assumes (EXT-X-PROGRAM-DATE-TIME in
 * playlists) belongs here too, and comes with the archive.
 */

/** Bitrates, pictures and errors of receivers. Where it answers 404 the HLS playlists tell instead. */
export const statusPath = '/api/status'

/**
 * Where below a channel Alta tells what it has recorded: Flussonic's call, which build 250716 says it emulates without saying
 * which calls. Where it answers 404, or tells of a `stream` that is not the channel, nothing is known of the recording.
 */
export const recordingStatusPath = 'recording_status.json'

/** Length of a segment where no playlist of the channel was read: Alta's documented default. */
export const defaultSegmentMs = 4_000

/** Receivers exist since build 241210; that their calls look like all others is assumed. */
export const receiversPath = '/api/receivers'

/** The first build whose configuration has `receivers`; builds are named by their date, YYMMDD. */
export const firstBuildWithReceivers = 241210

/** The `variants` field of a channel (several in one since build 250205): from the variant's name to its receiver. */
export function variantsOf(
  receivers: Readonly<Record<string, string>>,
): Record<string, { receiver: string }> {
  return Object.fromEntries(Object.entries(receivers).map(([name, receiver]) => [name, { receiver }]))
}

/** A channel that does not say `enable` is taken for enabled. */
export const channelEnabledByDefault = true

/** Where below a channel WHEP answers; a setting of each server overrides it. */
export const defaultWhepPath = 'whep'

/** Query parameter by which a player asks for one variant by WHEP. */
export const whepVariantParameter = 'variant'

/** Securetokens sign the path of the HLS master playlist, for WHEP too. */
export function securetokenPath(channelId: string): string {
  return `/${channelId}/index.m3u8`
}

/** How Alta words a full disk, in an error of a call or of a receiver. */
export const diskFullPattern = /no space left|disk (?:is )?full|enospc/i

/** Whether Alta says (422) that a channel names a receiver that it does not know. */
export function saysUnknownReceiver(said: string): boolean {
  const words = said.toLowerCase()
  const receiver = words.indexOf('receiver')
  return words.includes('unknown receiver') || (receiver >= 0 && words.includes('not found', receiver))
}

/**
 * An object that never exists: to delete it changes nothing, and an account that may only look is refused (403) before
 * Alta looks whether it is there (404).
 */
export function observerProbeId(deskId: string): string {
  return `alta-desk-${deskId}-probe`
}
