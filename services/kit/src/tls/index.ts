export { type Channel, plainTransport, type Transport, transport } from './transport.ts';
