"""An order-management system, three ways: request-driven, event-driven, fully event-driven. See README.md."""
