/**
 * The same text with memory of its own. A field cut from a message is a window into the whole message's text: what is remembered for long
 * would keep the message, up to a mebibyte of it, with a name of twenty letters.
 */
export const ownCopy = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le')
