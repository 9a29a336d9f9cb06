/** What the shop's page says of a thing that happened. */
export type Properties = Record<string, unknown>;

/** One event as the door of events takes it. */
export interface Message {
  type: string;
  messageId: string;
  timestamp: string;
  event?: string;
  anonymousId?: string;
  userId?: string;
  properties?: Properties;
  traits?: Properties;
  context: Properties;
}

/** A product somebody looked at; its title is for headings such as "Because you viewed …". */
export interface Seen {
  id: string;
  title: string;
}

/** What is kept on the device, only where the visitor agreed. */
export interface Kept {
  visitor: string;
  seen: Seen[];
  queue: Message[];
}

export interface Item extends Properties {
  id: string;
  seeds?: string[];
}
