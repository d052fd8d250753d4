// Has DeepStack's client for Node-RED register and recognise people with a server:
//
//   node deepstack.cjs ADDRESS KEY [register NAME PHOTO... | recognize CONFIDENCE PHOTO | objects PHOTO]
//
// It prints what the client got: a JSON value, or {"failed": ...} where the client threw.
const fs = require('node:fs');
const client = require('node-red-contrib-deepstack/deepstack-integration.js');

const [address, key, call, ...rest] = process.argv.slice(2);
const { protocol, hostname, port } = new URL(address);
// As the node's settings are, in Node-RED.
const server = { proto: protocol.replace(':', ''), host: hostname, port, version: 'v1', rejectUnauthorized: true, credentials: { apiKey: key } };

const calls = {
  register: ([name, ...photos]) => client.faceRegistration(photos.map((p) => fs.readFileSync(p)), server, name),
  recognize: ([confidence, photo]) => client.faceRecognition(fs.readFileSync(photo), server, Number(confidence)),
  objects: ([photo]) => client.objectDetection(fs.readFileSync(photo), server, 0.5),
};

calls[call](rest).then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => console.log(JSON.stringify({ failed: error.message, status: error.response?.statusCode, body: error.response?.body })),
);
