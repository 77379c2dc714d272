// The script of the media type "Tocsin" (Webhook) in Zabbix: sends what its parameters hold, as JSON.
// Parameters: see docs/gateway.md. `url` and `token` say where to; all others go into the body as they are.
var params = JSON.parse(value);
var request = new HttpRequest();
request.addHeader('Content-Type: application/json');
if (params.token) {
    request.addHeader('Authorization: Bearer ' + params.token);
}
var body = {};
Object.keys(params).forEach(function (name) {
    if (name !== 'url' && name !== 'token') {
        body[name] = String(params[name]);
    }
});
body.url = params.link || '';
var answer = request.post(params.url, JSON.stringify(body));
if (request.getStatus() !== 200) {
    throw 'Tocsin answered ' + request.getStatus() + ': ' + answer;
}
return 'OK';
