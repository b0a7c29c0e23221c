/**
 * What the tests use of `okx-api`. Its own declarations bring a version of Node's types with them that is not the one
 * Deno checks everything else with.
 */
type Fields = Readonly<Record<string, unknown>>;
interface ItemAnswer {
  readonly ordId: string;
  readonly clOrdId: string;
  readonly sCode: string;
  readonly sMsg: string;
}

export const DefaultLogger: Readonly<
  Record<"trace" | "info" | "error", (...words: readonly unknown[]) => void>
>;

export class RestClient {
  constructor(
    options: {
      readonly apiKey: string;
      readonly apiSecret: string;
      readonly apiPass: string;
      readonly baseUrl: string;
    },
  );
  getAccountConfiguration(): Promise<readonly { readonly posMode: string }[]>;
  getInstruments(query: Fields): Promise<readonly { readonly instId: string; readonly ctVal: string }[]>;
  submitOrder(order: Fields): Promise<readonly ItemAnswer[]>;
  submitMultipleOrders(orders: readonly Fields[]): Promise<readonly ItemAnswer[]>;
  amendOrder(change: Fields): Promise<readonly ItemAnswer[]>;
  cancelOrder(key: Fields): Promise<readonly ItemAnswer[]>;
  cancelMultipleOrders(keys: readonly Fields[]): Promise<readonly ItemAnswer[]>;
  getOrderDetails(
    key: Fields,
  ): Promise<readonly { readonly state: string; readonly px: string; readonly sz: string }[]>;
  getOrderList(query: Fields): Promise<readonly { readonly clOrdId: string }[]>;
  getFills(query: Fields): Promise<
    readonly {
      readonly clOrdId: string;
      readonly fillPx: string;
      readonly fillSz: string;
      readonly fee: string;
      readonly execType: string;
    }[]
  >;
  getPositions(
    query: Fields,
  ): Promise<readonly { readonly pos: string; readonly avgPx: string; readonly posSide: string }[]>;
  getBalance(): Promise<readonly { readonly details: readonly { readonly ccy: string }[] }[]>;
  placeAlgoOrder(order: Fields): Promise<readonly { readonly algoId: string; readonly sCode: string }[]>;
  getAlgoOrderList(
    query: Fields,
  ): Promise<readonly { readonly algoId: string; readonly slTriggerPx: string }[]>;
  cancelAlgoOrder(keys: readonly Fields[]): Promise<readonly { readonly sCode: string }[]>;
  setLeverage(setting: Fields): Promise<readonly { readonly lever: string }[]>;
  getCandles(query: Fields): Promise<readonly (readonly string[])[]>;
  cancelAllAfter(setting: { readonly timeOut: string }): Promise<readonly { readonly triggerTime: string }[]>;
}

interface SocketOptions {
  readonly accounts: readonly {
    readonly apiKey: string;
    readonly apiSecret: string;
    readonly apiPass: string;
  }[];
  readonly wsUrl: string;
  readonly attachEventListeners?: boolean;
}

export class WebsocketClient {
  constructor(options: SocketOptions, logger: typeof DefaultLogger);
  on(
    event: "update",
    listener: (message: {
      readonly arg?: { readonly channel?: string };
      readonly data?: readonly unknown[];
    }) => void,
  ): void;
  on(event: "exception", listener: (error: unknown) => void): void;
  subscribe(args: readonly Fields[]): void;
  closeAll(isForced: boolean): void;
}

export class WebsocketAPIClient {
  constructor(options: SocketOptions, logger: typeof DefaultLogger);
  getWSClient(): WebsocketClient;
  submitNewOrder(order: Fields): Promise<{ readonly code: string; readonly data: readonly ItemAnswer[] }>;
  cancelOrder(key: Fields): Promise<{ readonly code: string; readonly data: readonly ItemAnswer[] }>;
}
