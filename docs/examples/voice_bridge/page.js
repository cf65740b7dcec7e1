// The page's side of the bridge: voice_server.py says what goes over the socket.
const RATE = 24000;
const state = document.querySelector("#state");
const words = document.querySelector("#words");

// What happened so far; the tests read it.
const voice = { sent: 0, received: 0, played: 0, clears: 0, waiting: 0 };
window.voice = voice;

async function start() {
  document.querySelector("#start").disabled = true;
  const context = new AudioContext({ sampleRate: RATE });
  await context.audioWorklet.addModule("audio.js");
  await context.resume();
  const media = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false },
  });
  const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/talk`);
  socket.binaryType = "arraybuffer";

  const microphone = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
  context.createMediaStreamSource(media).connect(microphone);
  microphone.port.onmessage = ({ data }) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(data);
    voice.sent += data.byteLength;
  };

  const loudspeaker = new AudioWorkletNode(context, "loudspeaker", { numberOfInputs: 0 });
  loudspeaker.connect(context.destination);
  loudspeaker.port.onmessage = ({ data }) => {
    voice.played = data.bytes;
    voice.waiting = data.waiting;
    if (data.item !== null && socket.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ played: [data.item, data.milliseconds] }));
    }
  };

  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") {
      voice.received += data.byteLength;
      loudspeaker.port.postMessage({ pcm: data }, [data]);
      return;
    }
    const message = JSON.parse(data);
    if (message.said) say(message.said, message.text);
    else {
      if (message.clear) voice.clears += 1;
      loudspeaker.port.postMessage(message);
    }
  };
  socket.onopen = () => (state.textContent = "listening");
  socket.onclose = () => {
    state.textContent = "ended";
    for (const track of media.getTracks()) track.stop();
    context.close();
  };
}

function say(who, text) {
  const last = words.lastElementChild;
  if (last?.dataset.who === who && who !== "you") {
    last.textContent += text;
    return;
  }
  const line = document.createElement("p");
  line.dataset.who = who;
  line.textContent = `${who}: ${text}`;
  words.append(line);
}

document.querySelector("#start").onclick = start;
