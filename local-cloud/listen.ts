/** Starting a server: the port that it has got, or the reason why it has none. */
import type { Server } from 'node:net';

/** Port 0: any free one. */
export function listen(server: Server, port: number, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      if (typeof address === 'object' && address) resolve(address.port);
      else reject(new Error(`the server listens on ${address}, which is no port`));
    });
  });
}
