/**
 * What can be wrong between the desk and an Alta server, each with the sentence a person reads.
 * The sentence says what happened and what to do; it never holds a password, a token or a stack.
 */
export const altaProblems = {
  ALTA_UNREACHABLE:
    'Alta does not answer at this address. Check the host, the port (the management port is 8100 unless it was changed) and that Alta runs.',
  ALTA_ADDRESS_REFUSED:
    'This address is link-local, or belongs to the cloud that the desk runs in. No Alta is there: type the address that other machines use.',
  ALTA_TLS_UNTRUSTED:
    "Alta's TLS certificate is not trusted by this desk. Install the certificate of its authority on this machine, or use the http address.",
  ALTA_WRONG_PASSWORD:
    'Alta refuses this login and password. Check both; an Alta admin can reset the password.',
  ALTA_OBSERVER:
    'This Alta account may only look. Use an account with the Admin role, so that the desk can create its authorizer and channels.',
  ALTA_SLOW:
    'Alta takes too long to answer. Check the load of the server and the network between it and the desk.',
  ALTA_NOT_ALTA:
    'Something answers at this address, but it is not the Alta management API. Check the port: the web interface of Alta and its API share it.',
  ALTA_HUGE_ANSWER:
    'The answer is far too large for an Alta configuration. Check that the address is an Alta server.',
  ALTA_ERROR: 'Alta answered with an error of its own. Look at its log, then try again.',
  ALTA_CLOCK_OFF:
    'The clocks of Alta and of this desk differ, so tokens and the archive will fail. Set both by NTP.',
  ALTA_TOO_OLD: 'This Alta is older than build 241210 and has no receivers. Update Alta.',
  ALTA_OTT_CLOSED:
    'The management API answers, but the streaming port does not. Open that port, or type the streaming URL that viewers must use.',
  ALTA_NO_OTT: 'Alta has no streaming (OTT) listener. Create one in Alta under Settings, HTTP Servers.',
  ALTA_DISK_FULL:
    'The storage of Alta is full, so it cannot record. Free space on the server or shorten the archive.',
  ALTA_RECEIVER_MISSING:
    'This receiver does not exist on Alta any more: it was deleted or renamed. Pick the receiver again.',
  ALTA_CHANNEL_TAKEN:
    'The channel path is used on Alta by somebody else. Remove or rename that channel on Alta first.',
} as const
export type AltaProblemCode = keyof typeof altaProblems
