import { createHmac, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { readAddress, writeAddress, type Endpoint } from './address.ts'

/** Encodes and decodes the STUN (RFC 8489) and TURN (RFC 8656) messages that a client needs. */
export const methods = { binding: 1, allocate: 3, refresh: 4, send: 6, data: 7, permit: 8, bindChannel: 9 } as const
const classes = { request: 0, indication: 1, success: 2, failure: 3 } as const
const attributes = {
  username: 0x06,
  integrity: 0x08,
  error: 0x09,
  channel: 0x0c,
  lifetime: 0x0d,
  peer: 0x12,
  data: 0x13,
  realm: 0x14,
  nonce: 0x15,
  relayed: 0x16,
  family: 0x17,
  transport: 0x19,
  mapped: 0x20,
  priority: 0x24,
  nominate: 0x25,
  software: 0x8022,
  fingerprint: 0x8028,
  controlling: 0x802a,
} as const

export type Method = keyof typeof methods
export type Kind = keyof typeof classes
type Name = keyof typeof attributes
export type Fields = Partial<Record<Name, Buffer>>
export type Message = { method: Method; kind: Kind; id: Buffer; fields: Fields }

const cookie = 0x2112a442

export function newId() {
  return randomBytes(12)
}

/** `key` signs the message; an ICE check also needs a fingerprint. */
export function encode({ method, kind, id, fields }: Message, key?: Buffer | string, fingerprint = false): Buffer {
  const type = methods[method] | ((classes[kind] & 1) << 4) | ((classes[kind] & 2) << 7)
  const body = Object.entries(fields).map(([name, value]) => attribute(name as Name, value))
  const header = Buffer.alloc(20)
  header.writeUInt16BE(type, 0)
  header.writeUInt32BE(cookie, 4)
  id.copy(header, 8)
  let message = Buffer.concat([header, ...body])
  // Each of the two covers everything before it, with a length that includes itself.
  if (key !== undefined)
    message = add(message, 'integrity', 20, (text) => createHmac('sha1', key).update(text).digest())
  if (fingerprint) message = add(message, 'fingerprint', 4, (text) => number(crc32(text) ^ 0x5354554e))
  message.writeUInt16BE(message.length - 20, 2)
  return message
}

/** Returns undefined for bytes that are no complete STUN message. */
export function decode(bytes: Buffer): Message | undefined {
  if (bytes.length < 20 || bytes.readUInt32BE(4) !== cookie || bytes.readUInt16BE(2) !== bytes.length - 20)
    return undefined
  const type = bytes.readUInt16BE(0)
  const method = nameOf(methods, type & ~0x110)
  const kind = nameOf(classes, ((type >> 4) & 1) | ((type >> 7) & 2))
  if (!method || !kind) return undefined
  const fields: Fields = {}
  for (let at = 20; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 2)
    const name = nameOf(attributes, bytes.readUInt16BE(at))
    if (name) fields[name] ??= bytes.subarray(at + 4, at + 4 + length)
    at += 4 + length + padding(length)
  }
  return { method, kind, id: bytes.subarray(8, 20), fields }
}

export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/** 0 without an error. */
export function stunErrorCode({ fields: { error } }: Message): number {
  return error ? error[2]! * 100 + error[3]! : 0
}

export function xorAddress(endpoint: Endpoint, id: Buffer): Buffer {
  return writeAddress(endpoint, mask(id))
}

export function readXorAddress(bytes: Buffer | undefined, id: Buffer): Endpoint | undefined {
  return bytes && readAddress(bytes, mask(id))
}

function mask(id: Buffer) {
  return Buffer.concat([number(cookie), id])
}

function attribute(name: Name, value: Buffer) {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(attributes[name], 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value, Buffer.alloc(padding(value.length))])
}

function add(message: Buffer, name: Name, length: number, value: (text: Buffer) => Buffer) {
  message.writeUInt16BE(message.length - 20 + 4 + length, 2)
  return Buffer.concat([message, attribute(name, value(message))])
}

function padding(length: number) {
  return (4 - (length % 4)) % 4
}

function nameOf<T extends Record<string, number>>(table: T, value: number) {
  return Object.entries(table).find(([, known]) => known === value)?.[0] as keyof T | undefined
}
