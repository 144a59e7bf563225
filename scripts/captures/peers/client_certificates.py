def client_certificates(): pass
