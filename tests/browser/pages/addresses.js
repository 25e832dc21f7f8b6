// Where the messaging service is. Nothing else in this window knows.
const DOMAIN_API = "https://api.liveperson.net";
const ACCOUNT = "12345678";
