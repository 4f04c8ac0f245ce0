/** @module The example behaviours in plain JavaScript, without decorators and without types. */
export function plainForms({ NetworkBehavior, RouterTable, PREFIX }) {
  class Greeter extends NetworkBehavior {
    static behavior = { serviceId: 64, name: 'greeter', rpc: ['greet', 'count'] };

    constructor(options = {}) {
      super();
      this.greeting = options.greeting ?? 'Hello';
    }

    greet(request) {
      return { text: `${this.greeting} ${request.name}` };
    }

    async *count(request) {
      for (let value = 1; value <= request.to; value++) yield value;
    }

    secret() {
      return 'not for others';
    }
  }

  class LoudGreeter extends Greeter {
    static behavior = { ...Greeter.behavior, serviceId: 65, name: 'loud-greeter' };

    greet(request) {
      return { text: super.greet(request).text.toUpperCase() };
    }
  }

  class Scribe extends NetworkBehavior {
    static behavior = { serviceId: 66, name: 'scribe', gate: true };
    static inject = [Greeter, RouterTable, PREFIX];

    constructor(...given) {
      super();
      this.given = given;
    }
  }

  return { Greeter, LoudGreeter, Scribe };
}
