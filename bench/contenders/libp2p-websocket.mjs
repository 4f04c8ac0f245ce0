/** @module js-libp2p over WebSocket, otherwise as over TCP. It dials with the platform's WebSocket, which Node has from version 22 on. */
import { webSockets } from '@libp2p/websockets';
import { WebSocket } from 'ws';
import { openClient as openClientOver, openServer as openServerOver } from './libp2p.mjs';

globalThis.WebSocket ??= WebSocket;

export const supports = ['send', 'call'];

const OVER_WEBSOCKET = { transports: [webSockets()], listen: '/ip4/127.0.0.1/tcp/0/ws' };

export const openServer = (onMessage, onStream) => openServerOver(onMessage, onStream, OVER_WEBSOCKET);
export const openClient = (address) => openClientOver(address, OVER_WEBSOCKET);
