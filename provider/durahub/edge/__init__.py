"""The servers' faces, gRPC and HTTP: parse, translate, bound. No decisions about orchestrations here."""
