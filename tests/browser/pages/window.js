// A small messaging window, as one writes it for the real service: look up the domains, get a token,
// connect, open a conversation, write, and acknowledge what the agent writes.
"use strict";

const [REST, SOCKET] = DOMAIN_API.startsWith("https:") ? ["https://", "wss://"] : ["http://", "ws://"];

// --- before there is a socket --------------------------------------------------------------------------

async function json(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(`${answer.status} from ${url}`);
  return answer.json();
}

async function domainOf(service) {
  const found = await json(`${DOMAIN_API}/api/account/${ACCOUNT}/service/${service}/baseURI.json?version=1.0`);
  return found.baseURI;
}

const post = (url, body) =>
  json(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

const ways = {
  async signup(idp) {
    return (await post(`${REST}${idp}/api/account/${ACCOUNT}/signup`, {})).jwt;
  },
  async anonymous(idp) {
    const outer = (await post(`${REST}${idp}/api/account/${ACCOUNT}/anonymous/authorize`, {})).token;
    const inner = await post(`${REST}${idp}/api/account/${ACCOUNT}/app/web/authenticate?v=3.0`, { id_token: outer });
    return inner.token;
  },
  // Older windows load everything before the socket as scripts.
  async script(idp) {
    return (await loaded(`${REST}${idp}/api/account/${ACCOUNT}/signup.jsonp`, "callback")).jwt;
  },
};

function loaded(url, parameter) {
  return new Promise((resolve, reject) => {
    const name = `answer_${Math.floor(Math.random() * 1e9)}`;
    window[name] = resolve;
    const script = document.createElement("script");
    script.src = `${url}${url.includes("?") ? "&" : "?"}${parameter}=${name}`;
    script.onerror = () => reject(new Error(`cannot load ${url}`));
    document.head.appendChild(script);
  });
}

async function domainByScript(service) {
  const url = `${DOMAIN_API}/csdr/account/${ACCOUNT}/service/${service}/baseURI.lpCsds?version=1.0`;
  return (await loaded(url, "cb")).ResultSet.lpData[0].lpServer;
}

// --- the conversation ----------------------------------------------------------------------------------

class Connection {
  constructor(url) {
    this.waiting = new Map();
    this.next = 1;
    this.onchange = () => {};
    this.socket = new WebSocket(url);
    this.socket.onmessage = (message) => this.hear(JSON.parse(message.data));
    this.opened = new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.socket.onerror = () => reject(new Error(`cannot connect to ${url}`));
    });
  }

  ask(type, body, headers) {
    const id = String(this.next++);
    this.socket.send(JSON.stringify({ kind: "req", id, type, body, headers }));
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  hear(told) {
    if (told.kind === "resp") {
      const { resolve, reject } = this.waiting.get(told.reqId);
      this.waiting.delete(told.reqId);
      if (told.code < 400) resolve(told.body);
      else reject(new Error(`${told.code}: ${told.body}`));
    } else if (told.type === "ms.MessagingEventNotification") {
      told.body.changes.forEach((change) => this.onchange(change));
    }
  }
}

const present = (text) =>
  new Promise((resolve) => {
    const line = document.createElement("li");
    line.textContent = text;
    document.getElementById("transcript").appendChild(line);
    requestAnimationFrame(resolve);
  });

async function converse(way) {
  const domain = way === "script" ? domainByScript : domainOf;
  const [idp, messaging] = await Promise.all([domain("idp"), domain("asyncMessagingEnt")]);
  const jwt = await ways[way](idp);
  const me = JSON.parse(atob(jwt.split(".")[1])).sub;

  const connection = new Connection(`${SOCKET}${messaging}/ws_api/account/${ACCOUNT}/messaging/consumer?v=3`);
  await connection.opened;
  await connection.ask("InitConnection", {}, [
    { type: ".ams.headers.ClientProperties", deviceFamily: "DESKTOP", os: "LINUX" },
    { type: ".ams.headers.ConsumerAuthentication", jwt },
  ]);
  await connection.ask("cqm.SubscribeExConversations", { convState: ["OPEN"] });
  const { conversationId: dialogId } = await connection.ask("cm.ConsumerRequestConversation");

  const acknowledge = (status, sequence) =>
    connection.ask("ms.PublishEvent", {
      dialogId,
      event: { type: "AcceptStatusEvent", status, sequenceList: [sequence] },
    });
  const acknowledged = new Promise((resolve, reject) => {
    connection.onchange = async (change) => {
      if (change.originatorId === me || change.event.type !== "ContentEvent") return;
      try {
        await acknowledge("ACCEPT", change.sequence);
        await present(change.event.message);
        await acknowledge("READ", change.sequence);
        resolve(change.event.message);
      } catch (problem) {
        reject(problem);
      }
    };
  });
  await connection.ask("ms.SubscribeMessagingEvents", { dialogId, fromSeq: 0 });
  await connection.ask("ms.PublishEvent", {
    dialogId,
    event: { type: "ContentEvent", contentType: "text/plain", message: "Hello from a browser" },
  });
  const answer = await acknowledged;
  connection.socket.close(1000);
  return { me, dialogId, answer };
}

const way = new URLSearchParams(location.search).get("way") || "signup";
window.finished = converse(way).catch((problem) => ({ problem: String(problem) }));
