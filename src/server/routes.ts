// Numbers the routes of the server, over all its configurations.
import type { Route } from '../dns/client.ts';

/** The same route for the same listener, zone and view, so that its metrics go on through a reload. */
export class Routes {
  private readonly routes = new Map<string, Route>();

  of(server: string, zone: string, view: string): Route {
    const key = JSON.stringify([server, zone, view]);
    const route = this.routes.get(key) ?? { server, zone, view, index: this.routes.size + 1 };
    this.routes.set(key, route);
    return route;
  }
}
