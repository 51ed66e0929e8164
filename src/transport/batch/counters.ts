// What a batch socket counts.

/** What a batch socket has done so far. */
export interface UdpCounters {
  /** Datagrams received and sent, and the calls that it took. */
  received: number;
  receiveCalls: number;
  sent: number;
  sendCalls: number;
  /** Datagrams longer than a slot, of which only the start was seen. */
  truncated: number;
  /** Datagrams that no answer can go to: from port 0, or without an address. */
  unanswerable: number;
  /** Calls to receive that failed for another reason than that nothing was there. */
  receiveErrors: number;
  /** Datagrams dropped unread: more had been asked for some time than could be answered. */
  shed: number;
  /** Datagrams that the system refused to send. */
  sendErrors: number;
  /** Times that the system had no room for what was to be sent. */
  sendBlocked: number;
  /** Answers given up because there was no room for too long, or because they had become old before they could be sent. */
  discarded: number;
}

export function zeroCounters(): UdpCounters {
  return {
    received: 0,
    receiveCalls: 0,
    sent: 0,
    sendCalls: 0,
    truncated: 0,
    unanswerable: 0,
    receiveErrors: 0,
    shed: 0,
    sendErrors: 0,
    sendBlocked: 0,
    discarded: 0,
  };
}
