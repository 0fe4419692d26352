"""Who may be treated with what: limits of guidelines and trials, labels of products, typing gates."""
