// Logs in with the generated client and prints the email of the user, and the error of a request without a token.
import { authTokenCreate, usersMeRetrieve } from "./client-ts";
import { client } from "./client-ts/client.gen";
import { createClient } from "./client-ts/client";

declare const process: { env: { URL: string; EMAIL: string; PASSWORD: string } };

async function main(): Promise<void> {
  const { URL: baseUrl, EMAIL: email, PASSWORD: password } = process.env;
  client.setConfig({ baseUrl });
  const { data: tokens } = await authTokenCreate({ body: { email, password }, throwOnError: true });
  client.setConfig({ auth: () => tokens.access });
  const { data: user } = await usersMeRetrieve({ throwOnError: true });
  console.log(user.email);
  const { error } = await usersMeRetrieve({ client: createClient({ baseUrl }) });
  console.log(error?.type);
}

void main();
