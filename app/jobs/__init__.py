"""The workers' door: takes ids, builds clients, makes one service call, says what runs next."""
